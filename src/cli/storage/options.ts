/** Options of commands that are about folders on the origin's machine. */
import { jsonOption, networkOptions } from '../settings.ts';

export const routeOption = {
  route: {
    type: 'string',
    requiresArg: true,
    describe: 'Which route, where several are a home',
  },
} as const;

export const storageOptions = { ...networkOptions, ...jsonOption } as const;
