/** Who does something, as the audit log has it. */
export interface Actor {
  /** `user:alice`, `operator`. */
  readonly by: string;
  /** Id of his token. */
  readonly token: string | null;
  /** His address. */
  readonly from: string | null;
}
