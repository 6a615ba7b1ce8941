// The inbox: submissions as rows in the producer's own transaction, and the bell for them.

import { createHash } from "node:crypto";
import { contentHash } from "../../docs/vectors/content_hash.mjs";

const DUPLICATE = "ER_DUP_ENTRY";
const BELL_TIMEOUT_MS = 500;

/** Put a submission into the inbox, in the connection's open transaction. Returns false if it was there already. */
export async function enqueue(connection, submission) {
  try {
    await connection.execute(
      "INSERT INTO submission_inbox (script_id, submission_id, payload, enqueued_at) VALUES (?, ?, ?, ?)",
      [submission.script_id, submission.submission_id, payloadOf(submission), Date.now() * 1000],
    );
  } catch (error) {
    if (error.code !== DUPLICATE) throw error;
    return false; // the same id is the same submission
  }
  return true;
}

/** Ring for a script, after the commit. It never throws: the reconciler rings for submissions without a bell. */
export async function ring(commands, scriptId) {
  const late = new Promise((resolve) => setTimeout(resolve, BELL_TIMEOUT_MS, false).unref());
  const rung = commands.send("scriptledger.drain", [scriptId]).then(() => true, () => false);
  return Promise.race([rung, late]);
}

/**
 * The answer to a submission; undefined while it is pending.
 * Throws if its id was used before for other content: the answer is to that, and this submission is not applied.
 */
export async function answerOf(connection, submission) {
  const { script_id, submission_id } = submission;
  const [rows] = await connection.execute(
    "SELECT outcome, first_version, last_version, answer, content_hash FROM submissions WHERE script_id = ? AND submission_id = ?",
    [script_id, submission_id],
  );
  if (!rows.length) return undefined;
  const { answer, content_hash, ...columns } = rows[0]; // `answer` holds the fields without a column
  if (!content_hash.equals(contentHash(submission)) && !content_hash.equals(hashAsSent(submission))) {
    throw new Error(`Submission ${submission_id} of script ${script_id} was already used for other content`);
  }
  return { script_id, submission_id, ...columns, ...JSON.parse(answer.toString("utf8")) };
}

function payloadOf(submission) {
  return Buffer.from(JSON.stringify(submission));
}

/** The hash of a submission that was refused without being read. */
function hashAsSent(submission) {
  return createHash("sha256").update(payloadOf(submission)).digest();
}
