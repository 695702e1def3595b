/**
 * Ruby's Marshal format 4.8, as far as indexes and specifications of gems need it: written as Ruby does, without links between objects, which
 * readers do not ask for. Source: `doc/marshal.rdoc` of Ruby.
 */

/** What Ruby would have. Plain values are `nil`, `true`, `false`, whole numbers, strings in UTF-8, and arrays. */
export type RubyValue =
  | null
  | boolean
  | number
  | string
  | readonly RubyValue[]
  | { readonly symbol: string }
  | { readonly hash: readonly (readonly [RubyValue, RubyValue])[] }
  /** An object by its instance variables, whose names begin with `@`. */
  | { readonly object: string; readonly variables: readonly (readonly [string, RubyValue])[] }
  /** One whose class has `marshal_dump`. */
  | { readonly dumped: string; readonly as: RubyValue }
  /** One whose class has `_dump`. */
  | { readonly bytes: Uint8Array; readonly of: string }
  /** A time in UTC, ms since the epoch. */
  | { readonly timeMs: number };

/** A whole document. */
export function marshal(value: RubyValue): Buffer {
  const writer = new Writer();
  writer.byte(4);
  writer.byte(8);
  writer.value(value);
  return writer.end();
}

/** Of an array that is longer than one likes to have as values: its head, and then its items one after the other. */
export class Writer {
  readonly #chunks: Buffer[] = [];
  readonly #symbols = new Map<string, number>();

  value(value: RubyValue): void {
    if (value === null) this.#text('0');
    else if (typeof value === 'boolean') this.#text(value ? 'T' : 'F');
    else if (typeof value === 'number') {
      this.#text('i');
      this.number(value);
    } else if (typeof value === 'string') this.#string(value);
    else if (isArray(value)) {
      this.#text('[');
      this.number(value.length);
      for (const item of value) this.value(item);
    } else this.#special(value);
  }

  /** A whole number of 32 bits at most, as lengths and `Fixnum` are written. */
  number(value: number): void {
    if (value === 0) this.byte(0);
    else if (value > 0 && value < 123) this.byte(value + 5);
    else if (value < 0 && value > -124) this.byte((value - 5) & 0xff);
    else {
      const bytes: number[] = [];
      for (let left = value; left !== 0 && left !== -1; left >>= 8) bytes.push(left & 0xff);
      this.byte(value < 0 ? -bytes.length & 0xff : bytes.length);
      this.#chunks.push(Buffer.from(bytes));
    }
  }

  byte(value: number): void {
    this.#chunks.push(Buffer.of(value));
  }

  end(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  #special(value: Exclude<RubyValue, null | boolean | number | string | readonly RubyValue[]>): void {
    if ('symbol' in value) this.#symbol(value.symbol);
    else if ('hash' in value) {
      this.#text('{');
      this.number(value.hash.length);
      for (const [key, item] of value.hash) {
        this.value(key);
        this.value(item);
      }
    } else if ('object' in value) {
      this.#text('o');
      this.#symbol(value.object);
      this.#variables(value.variables);
    } else if ('dumped' in value) {
      this.#text('U');
      this.#symbol(value.dumped);
      this.value(value.as);
    } else if ('bytes' in value) this.#userDefined(value.of, value.bytes);
    else {
      this.#text('I');
      this.#userDefined('Time', timeBytes(value.timeMs));
      this.#variables([['zone', null]]);
    }
  }

  #string(text: string): void {
    this.#text('I"');
    this.#bytes(Buffer.from(text));
    this.#variables([['E', true]]);
  }

  #userDefined(className: string, bytes: Uint8Array): void {
    this.#text('u');
    this.#symbol(className);
    this.#bytes(bytes);
  }

  #variables(variables: readonly (readonly [string, RubyValue])[]): void {
    this.number(variables.length);
    for (const [name, value] of variables) {
      this.#symbol(name);
      this.value(value);
    }
  }

  #symbol(name: string): void {
    const known = this.#symbols.get(name);
    if (known === undefined) {
      this.#symbols.set(name, this.#symbols.size);
      this.#text(':');
      this.#bytes(Buffer.from(name));
    } else {
      this.#text(';');
      this.number(known);
    }
  }

  #bytes(bytes: Uint8Array): void {
    this.number(bytes.length);
    this.#chunks.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }

  #text(text: string): void {
    this.#chunks.push(Buffer.from(text, 'latin1'));
  }
}

function isArray(value: RubyValue): value is readonly RubyValue[] {
  return Array.isArray(value);
}

/** `time_mdump` of Ruby's `time.c`: two words of bits, the lowest byte first. */
function timeBytes(timeMs: number): Uint8Array {
  const time = new Date(timeMs);
  const bytes = Buffer.alloc(8);
  const isUtc = 1;
  const day =
    ((time.getUTCFullYear() - 1900) << 14) |
    (time.getUTCMonth() << 10) |
    (time.getUTCDate() << 5) |
    time.getUTCHours();
  bytes.writeUInt32LE(((1 << 31) | (isUtc << 30) | day) >>> 0, 0);
  const clock =
    (time.getUTCMinutes() << 26) | (time.getUTCSeconds() << 20) | (time.getUTCMilliseconds() * 1000);
  bytes.writeUInt32LE(clock >>> 0, 4);
  return bytes;
}
