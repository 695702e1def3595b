/** JSON as documents hold it. */

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { [name: string]: Json };

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Without a prototype, so that a name like `__proto__` in a document is a field like any other. */
export function bareObject(): JsonObject {
  return Object.create(null) as JsonObject;
}
