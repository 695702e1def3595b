/** What the config says of a policy: which of the versions that upstreams have may be used. */
export interface PolicyOptions {
  /** `name`, `name@range`, with stars in the name. */
  readonly blocked: readonly string[];
}
