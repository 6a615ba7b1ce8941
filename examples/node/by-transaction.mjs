// Sends an edit and the producer's own row in one transaction, then rings the bell and waits for the answer. Preferred.
//
//   DATABASE_URL=mysql://user:password@host/name BROKER_URL=redis://host:6379/0 node by-transaction.mjs < edit.json

import { setTimeout as sleep } from "node:timers/promises";
import mysql from "mysql2/promise";
import { editOf, given } from "./edit.mjs";
import { answerOf, enqueue, ring } from "./inbox.mjs";
import { Queue } from "./queue.mjs";

const edit = given();
const submission = editOf(edit);
const connection = await mysql.createConnection({ uri: process.env.DATABASE_URL, charset: "utf8mb4" });
const commands = new Queue(process.env.BROKER_URL, "commands");
try {
  await connection.beginTransaction();
  await enqueue(connection, submission);
  await connection.execute("INSERT INTO margin_notes (script_id, note) VALUES (?, ?)", [edit.script_id, edit.note]);
  await connection.commit();
  const rung = await ring(commands, submission.script_id);

  let answer;
  while ((answer = await answerOf(connection, submission)) === undefined) await sleep(20);
  console.log(JSON.stringify({ rung, answer }));
} catch (error) {
  await connection.rollback(); // the edit is not sent
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await commands.close();
  await connection.end();
}
