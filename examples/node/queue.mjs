// A queue of the broker, to put tasks into. A thin layer over celery-node that says whether the broker took a task.

import { randomUUID } from "node:crypto";
import celery from "celery-node";

const PATIENCE = 200; // milliseconds for each word of the broker
const ONCE = { connectTimeout: PATIENCE, commandTimeout: PATIENCE, maxRetriesPerRequest: 0, retryStrategy: () => null };

export class Queue {
  #url;
  #name;
  #client;

  constructor(url, name) {
    this.#url = url;
    this.#name = name;
  }

  /** Send a task; its message id. Throws where the broker does not take it. */
  async send(task, args) {
    const client = (this.#client ??= await this.#connect());
    const id = randomUUID();
    // Not client.sendTask, which drops the promise of its publish: nobody would hear that the broker was away.
    const { headers, properties, body } = client.createTaskMessage(id, task, args, {});
    try {
      await client.broker.publish(body, "", this.#name, headers, properties);
    } catch (error) {
      await this.close();
      throw error;
    }
    return id;
  }

  async close() {
    const client = this.#client;
    this.#client = undefined;
    client?.broker.redis.disconnect();
  }

  async #connect() {
    const client = celery.createClient(this.#url, this.#url, this.#name);
    client.conf.CELERY_BROKER_OPTIONS = ONCE;
    client.broker.redis.on("error", () => {}); // whoever sends is told
    // Not client.isReady, which opens a second connection for results; here the answer is a row.
    await client.broker.isReady();
    return client;
  }
}
