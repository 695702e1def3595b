/**
 * TLS towards servers that are not HTTP: Redis, NATS, PostgreSQL. What the config says of it is the same for all of them, and so is
 * what goes wrong; their client libraries say it in many ways, if at all.
 */

/** Absolute paths of PEM files. */
export interface TlsFiles {
  /** The authorities to trust; without it, those of the system. */
  readonly ca?: string | undefined;
  /** The certificate to show, with its chain, and its private key; without them, none. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** What is in them. */
export type TlsPems = Readonly<Partial<Record<keyof TlsFiles, string>>>;

/** Whether a server at this address is spoken to in TLS: it says so itself, or there is something to say about it. */
export function speaksTls(url: string, tls: object | undefined): boolean {
  return tls !== undefined || /^(?:tls|rediss):/.test(url);
}

/**
 * What is wrong, in words that somebody who runs Meridian can act on; `null` for what is not about TLS.
 *
 * @param shown whether the server was shown a certificate: some refuse none in the same way as a wrong one.
 */
export function tlsSentence(error: unknown, shown = true): string | null {
  if (!(error instanceof Error)) return null;
  const said = `${'code' in error ? error.code : ''} ${error.message}`;
  const sentence = sentences.find(([pattern]) => pattern.test(said))?.[1] ?? null;
  return sentence === notAccepted && !shown ? notShown : sentence;
}

const notShown = 'it wants to be shown a certificate; `tls.cert` and `tls.key` name its files';
const notAccepted = 'it does not accept the certificate that it is shown (`tls.cert`)';

const sentences: readonly (readonly [RegExp, string])[] = [
  [
    /SELF_SIGNED_CERT|UNABLE_TO_(?:VERIFY_LEAF|GET_ISSUER)/,
    'its certificate is not signed by an authority that is trusted here; `tls.ca` names the file of another one',
  ],
  [/ALTNAME_INVALID/, 'its certificate is for another name than that of its address'],
  [/CERT_HAS_EXPIRED/, 'its certificate has expired'],
  [/CERT_NOT_YET_VALID/, 'its certificate is not valid yet'],
  [/CERTIFICATE_REQUIRED|requires a valid client certificate/i, notShown],
  [/ALERT_(?:UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE|ACCESS_DENIED|DECRYPT_ERROR)/, notAccepted],
  [/does not support 'tls'|TLS_NOT_AVAILABLE|WRONG_VERSION_NUMBER/i, 'it does not speak TLS'],
  [/PROTOCOL_VERSION|HANDSHAKE_FAILURE/, 'it has no version of TLS, or no cipher, in common with us'],
];
