/** Who takes part: the policy that the node uses, what others published, and a reference that knows the future. */
import { merit } from '../../src/cache/eviction/merit.ts';
import type { ContenderRow } from './contender.ts';
import { belady } from './policies/belady.ts';
import { fifo } from './policies/fifo.ts';
import { gdsf } from './policies/gdsf.ts';
import { lru } from './policies/lru.ts';
import { s3fifo } from './policies/s3fifo.ts';
import { sieve } from './policies/sieve.ts';
import { wtinylfu } from './policies/wtinylfu.ts';

export const ours = 'merit';
export const baseline = 'lru';
export const reference = 'belady';

export const contenders: readonly ContenderRow[] = [
  { name: ours, label: 'Meridian', make: () => merit() },
  { name: 'wtinylfu', label: 'W-TinyLFU', make: wtinylfu },
  { name: 's3fifo', label: 'S3-FIFO', make: s3fifo },
  { name: 'sieve', label: 'SIEVE', make: sieve },
  { name: 'gdsf', label: 'GDSF', make: gdsf },
  { name: baseline, label: 'LRU', make: lru },
  { name: 'fifo', label: 'FIFO', make: fifo },
  { name: reference, label: 'MIN (Belady)', make: belady },
];
