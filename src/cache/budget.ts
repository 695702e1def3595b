/**
 * Memory that the bodies on their way through a node share. Nobody is refused: who finds it crowded keeps less
 * in memory, at the price of a disk write or a wait.
 */
export interface Budget {
  /** In bytes. */
  limitBytes: number;
  usedBytes: number;
}

export function isCrowded({ usedBytes, limitBytes }: Budget): boolean {
  return usedBytes > limitBytes;
}
