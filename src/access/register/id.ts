/** Public names of tokens and grants: twelve digits and small letters, of which no two are alike. */
export function newId(): string {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
  return (BigInt(high) * 2n ** 32n + BigInt(low)).toString(36).padStart(13, '0').slice(-12);
}
