/**
 * Where the compiled binary (`npm run compile`) begins: it holds every entry point, and its environment says which one
 * a process is to be.
 */
import { entryVariable } from '../config/program.ts';

const entry = process.env[entryVariable];
// What this process starts is told anew.
delete process.env[entryVariable];
if (entry === 'evaluate') await import('../config/evaluate.ts');
else await import('./main.ts');
