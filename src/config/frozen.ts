/**
 * A type whose every part is read-only, and which accepts values that are (`as const`).
 */
export type Frozen<T> = T extends object ? { readonly [Key in keyof T]: Frozen<T[Key]> } : T;
