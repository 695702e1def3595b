/** In what words a client asks, as far as what is foreseen of him goes. Nothing in these fields lets anybody in. */
export const clientFields: readonly string[] = ['accept', 'accept-encoding', 'user-agent'];
