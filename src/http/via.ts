/**
 * `Via` (RFC 9110 §7.6.3): the protocol in which each intermediary received the message, and its name.
 */

/** The HTTP versions there are; `HTTP/` goes without saying. */
export type ReceivedProtocol = '1.0' | '1.1' | '2' | '3';

/**
 * The field for the next recipient.
 *
 * @param value of the message as it was received.
 * @param name a pseudonym (a token), or host and port.
 */
export function appendVia(value: string | null, protocol: ReceivedProtocol, name: string): string {
  const own = `${protocol} ${name}`;
  return value === null || value === '' ? own : `${value}, ${own}`;
}
