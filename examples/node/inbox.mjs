// The inbox: submissions as rows in the producer's own transaction, and the bell for them.

const DUPLICATE = "ER_DUP_ENTRY";
const BELL_TIMEOUT_MS = 500;

/** Put a submission into the inbox, in the connection's open transaction. Returns false if it was there already. */
export async function enqueue(connection, submission) {
  try {
    await connection.execute(
      "INSERT INTO submission_inbox (script_id, submission_id, payload, enqueued_at) VALUES (?, ?, ?, ?)",
      [submission.script_id, submission.submission_id, Buffer.from(JSON.stringify(submission)), Date.now() * 1000],
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

/** The answer to a submission; undefined while it is pending. */
export async function answerOf(connection, { script_id, submission_id }) {
  const [rows] = await connection.execute(
    "SELECT outcome, first_version, last_version, answer FROM submissions WHERE script_id = ? AND submission_id = ?",
    [script_id, submission_id],
  );
  if (!rows.length) return undefined;
  const { answer, ...columns } = rows[0]; // `answer` holds the fields without a column
  return { script_id, submission_id, ...columns, ...JSON.parse(answer.toString("utf8")) };
}
