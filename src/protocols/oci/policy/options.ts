/** What the config of a route says of what may be pulled. */

export interface PolicyOptions {
  /** As `spec.ts` reads them, here and below. */
  readonly blocked: readonly string[];
  /** Of what is pulled through, nothing but these; absent: everything. */
  readonly only?: readonly string[] | undefined;
  /** Neither `blocked` nor `only` is about these. */
  readonly allowed: readonly string[];
  readonly age: readonly AgeRule[];
  readonly signatures: readonly SignatureRule[];
}

export interface AgeRule {
  /** Names, with stars. */
  readonly images: readonly string[];
  readonly minimumS: number;
  /** What counts: when this network first saw it, or when it says that it was made. */
  readonly since: 'seen' | 'created';
  readonly withoutTime: 'refuse' | 'allow';
  readonly exempt: readonly string[];
}

export interface SignatureRule {
  /** Names, with stars. */
  readonly images: readonly string[];
  readonly keys: readonly NamedKey[];
  /** Of how many of these keys there has to be a signature. */
  readonly needed: number;
  /** Names that a signature has to be for, with stars; absent: that is not looked at. */
  readonly signedFor?: readonly string[] | undefined;
  readonly exempt: readonly string[];
  /** How long a signature that was found is believed without looking again. */
  readonly recheckS: number;
}

export interface NamedKey {
  readonly name: string;
  /** A public key in PEM form. */
  readonly pem: string;
}
