/**
 * The system's own library, under the name that it has here.
 */
import { dlopen, type FFIFunction, type Library } from 'bun:ffi';

const names = ['libc.so.6', 'libc.musl-x86_64.so.1', 'libc.musl-aarch64.so.1'];

/** `null` where the system is not Linux, or it cannot be found. */
export function libc<Functions extends Record<string, FFIFunction>>(
  functions: Functions,
): Library<Functions>['symbols'] | null {
  if (process.platform !== 'linux') return null;
  for (const name of names) {
    try {
      return dlopen(name, functions).symbols;
    } catch {
      // The next one, then: which of them there is depends on the distribution.
    }
  }
  return null;
}
