/** What JSON text says; `undefined` for text that is not JSON, which whoever reads it finds out by its type. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
