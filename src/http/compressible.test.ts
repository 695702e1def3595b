import { expect, test } from 'bun:test';
import { isCompressible } from './compressible.ts';

test.each([
  'text/html; charset=utf-8',
  'TEXT/CSS',
  'application/json',
  'application/vnd.npm.install-v1+json',
  'image/svg+xml',
  'application/wasm',
])('%s is worth compressing', (type) => expect(isCompressible(type)).toBe(true));

test.each([
  'image/png',
  'video/mp4',
  'application/gzip',
  'application/octet-stream',
  'font/woff2',
  'text/event-stream',
  '',
  null,
])('%s is not', (type) => expect(isCompressible(type)).toBe(false));
