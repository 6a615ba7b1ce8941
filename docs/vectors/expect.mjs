// The `expect` of a line, as described in README.md. No dependencies; Node 18 or newer.
//
//   import { expectOf } from "./expect.mjs";
//   expectOf({ format: "character", text: "ANNA" })        → "66f7401153ef"
//
//   node expect.mjs < lines.json                           prints one for each line of a JSON array

import { createHash } from "node:crypto";
import { readFileSync, realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The first 12 hex digits of the SHA-256 over the canonical bytes of a line. */
export function expectOf(line) {
  return createHash("sha256").update(lineBytes(line)).digest("hex").slice(0, 12);
}

/** The canonical bytes of a line: format, text, sep, then each attribute in the order of its name. */
export function lineBytes({ format, text, sep = "\n", attrs = {} }) {
  // Attribute names are ASCII, so any way to sort them is the same.
  const pairs = Object.keys(attrs).sort().flatMap((name) => [name, attributeText(attrs[name])]);
  return Buffer.concat([Buffer.from("line.1:"), ...[format, text, sep, ...pairs].map(netstring)]);
}

function attributeText(value) {
  if (typeof value === "boolean") return String(value);
  if (Number.isSafeInteger(value)) return `i${value}`;
  if (typeof value === "string") return `s${value}`;
  throw new TypeError(`an attribute is a text, a whole number or a boolean, not ${value}`);
}

function netstring(text) {
  const bytes = Buffer.from(text, "utf8"); // no Unicode normalisation: é and e + ◌́ are two texts
  return Buffer.concat([Buffer.from(`${bytes.length}:`), bytes, Buffer.from(",")]);
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  for (const line of JSON.parse(readFileSync(0, "utf8"))) console.log(expectOf(line));
}
