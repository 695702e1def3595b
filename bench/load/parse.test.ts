import { describe, expect, test } from 'bun:test';
import { parseLatency, parseRate } from './h2load.ts';
import { parse } from './wrk.ts';

describe('what wrk wrote', () => {
  const summary = (failures: number) =>
    `Running 2s test @ http://127.0.0.1:1/\n  1 threads and 50 connections\n
summary {"requests":180000,"micros":2000000,"failures":${failures},"p50Micros":500,"p99Micros":900}\n`;

  test('gives rate and latency', () => {
    expect(parse(summary(0))).toEqual({ requestsPerSecond: 90_000, p50Micros: 500, p99Micros: 900 });
  });

  test('is refused when an answer failed', () => {
    expect(() => parse(summary(1))).toThrow('1 failures among 180000 answers');
  });
});

describe('what h2load wrote', () => {
  const output = (succeeded: number, cipher = 'TLS_AES_128_GCM_SHA256') => `starting benchmark...
TLS Protocol: TLSv1.3
Cipher: ${cipher}
Server Temp Key: X25519 253 bits
Application protocol: h2

finished in 2.50s, 78889.50 req/s, 78.85MB/s
requests: 157779 total, 157779 started, 157779 done, ${succeeded} succeeded, 0 failed, 0 errored, 0 timeout
`;

  test('gives the rate', () => {
    expect(parseRate(output(157_779))).toBe(78_889.5);
  });

  test('is refused when an answer failed, or when another cipher was agreed on than with the others', () => {
    expect(() => parseRate(output(157_777))).toThrow('2 failures among 157779 answers');
    expect(() => parseRate(output(157_779, 'TLS_CHACHA20_POLY1305_SHA256'))).toThrow('not protected with');
  });

  test('gives the latency from its list of answers, in whatever order they came', () => {
    const log = '1795250015028901\t200\t344\n1795250017028507\t200\t663\n1795250017028600\t200\t12\n';
    expect(parseLatency(log)).toEqual({ p50Micros: 344, p99Micros: 663 });
  });
});
