// The content hash of a submission, as described in README.md. No dependencies; Node 18 or newer.
//
//   import { contentHash } from "./content_hash.mjs";
//   contentHash(submission)                        → a Buffer, equal to submissions.content_hash
//
//   node content_hash.mjs < submissions.json       prints one for each submission of a JSON array

import { createHash } from "node:crypto";
import { readFileSync, realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";

const { fields } = JSON.parse(readFileSync(new URL("content_hash.json", import.meta.url), "utf8"));

/** The 32 bytes of the SHA-256 over the canonical form of a submission. */
export function contentHash(submission) {
  return createHash("sha256").update(canonical(submission), "utf8").digest();
}

/** The canonical form of a submission: its fields in their order, those with their default omitted. */
export function canonical(submission) {
  return object(submission, "submission");
}

function object(value, name) {
  const kind = name === "command" ? value.kind : name;
  if (!Object.hasOwn(fields, kind)) throw new TypeError(`there is no command of kind ${kind}`);
  const known = fields[kind];
  if (known[0]?.place) {
    return `[${known.map((_, place) => text(value[place] ?? null)).join(",")}]`;
  }
  const parts = [];
  for (const { name: key, of, each, always, default: usual } of known) {
    const given = value[key] ?? (always ? {} : value[key]);
    if (given === undefined || isDefault(given, usual)) continue;
    const written = !of ? text(given) : each ? list(given, (value) => one(value, of)) : one(given, of);
    parts.push(`${text(key)}:${written}`);
  }
  return `{${parts.join(",")}}`;
}

/** An object of a known type, or where that is allowed its id, or null. */
function one(value, type) {
  return value === null || typeof value !== "object" ? text(value) : object(value, type);
}

function list(values, write) {
  return `[${values.map(write).join(",")}]`;
}

function isDefault(value, usual) {
  if (usual === undefined) return false;
  if (usual === null || typeof usual !== "object") return value === usual;
  return value !== null && typeof value === "object" && Object.keys(value).length === 0;
}

/** Any JSON value, the keys of objects in the order of their code points. */
function text(value) {
  if (typeof value === "number") return number(value);
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return list(value, text);
  const keys = Object.keys(value).sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
  return `{${keys.map((key) => `${JSON.stringify(key)}:${text(value[key])}`).join(",")}}`;
}

/** A number; between 0.000001 and 0.00001 JavaScript writes no exponent, and the canonical form does. */
function number(value) {
  const size = Math.abs(value);
  if (size < 1e-6 || size >= 1e-5) return JSON.stringify(value);
  return value.toExponential();
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  for (const submission of JSON.parse(readFileSync(0, "utf8"))) console.log(contentHash(submission).toString("hex"));
}
