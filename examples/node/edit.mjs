// An edit of one line, as a submission: addressed by the line's id, guarded by the hash of its content.

import { readFileSync } from "node:fs";
import { expectOf } from "../../docs/vectors/expect.mjs";

/** The submission that gives a line a new text. `line` is the line as the author saw it, in version `base_version`. */
export function editOf({ script_id, submission_id, base_version, actor, line, text }) {
  const command = { kind: "line.edit", line: line.id, expect: expectOf(line), text };
  return { script_id, submission_id, author: "user", actor, base_version, commands: [command] };
}

/** The JSON document on standard input, with the fields of `editOf`. */
export function given() {
  return JSON.parse(readFileSync(0, "utf8"));
}
