// Sends an edit without the database, as a message to the intake. Prints the id of the message.
//
//   BROKER_URL=redis://host:6379/0 node by-message.mjs < edit.json

import { editOf, given } from "./edit.mjs";
import { Queue } from "./queue.mjs";

const intake = new Queue(process.env.BROKER_URL, "intake");
try {
  // As text, so that the content hashed into `expect` here arrives byte for byte.
  console.log(await intake.send("scriptledger.intake", [JSON.stringify(editOf(given()))]));
} catch (error) {
  console.error(`The broker did not accept the message: ${error.message}`);
  process.exitCode = 1;
} finally {
  await intake.close();
}
