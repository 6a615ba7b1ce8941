// A queue of the broker, for sending tasks: a thin layer over celery-node that reports if the broker refuses one.

import { randomUUID } from "node:crypto";
import celery from "celery-node";

const TIMEOUT_MS = 200; // for each response of the broker
const ONCE = {
  connectTimeout: TIMEOUT_MS,
  commandTimeout: TIMEOUT_MS,
  maxRetriesPerRequest: 0,
  retryStrategy: () => null,
};

export class Queue {
  #url;
  #name;
  #client;

  constructor(url, name) {
    this.#url = url;
    this.#name = name;
  }

  /** Send a task and return its message id. Throws if the broker does not accept it. */
  async send(task, args) {
    const client = (this.#client ??= await this.#connect());
    const id = randomUUID();
    // Not client.sendTask, which drops the promise of its publish: a broker that is away would go unnoticed.
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
    client.broker.redis.on("error", () => {}); // reported by `send`
    // Not client.isReady, which opens a second connection for results; here the answer is a row.
    await client.broker.isReady();
    return client;
  }
}
