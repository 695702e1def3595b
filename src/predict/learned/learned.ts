/** Stands for what is learned, until it is. */
export interface Likely {
  readonly name: string;
  readonly likelihood: number;
}
export interface Trail {
  readonly brand?: 'trail';
}
export interface Learned {
  trail(): Trail;
  saw(trail: Trail, name: string, nowMs: number): void;
  after(name: string, nowMs: number): readonly Likely[];
  due(nowMs: number, withinMs: number): readonly Likely[];
  save(): Uint8Array<ArrayBuffer>;
  readonly stats: { readonly names: number; readonly links: number; readonly bytes: number };
}
