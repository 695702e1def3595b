/**
 * The network that runs where there is no config file: two PoPs, their shield and the origin on this
 * machine, serving packages of the registry that this machine's npm is set to.
 */
import { defineNetwork, npm } from './define.ts';

export const embedded = defineNetwork({
  name: 'embedded',
  nodes: {
    origin: { role: 'origin', listen: [{ port: 4870 }] },
    shield: { role: 'shield', listen: [{ port: 4871 }], parents: ['origin'] },
    'pop-a': { role: 'pop', listen: [{ port: 4873 }], parents: ['shield', 'origin'] },
    'pop-b': { role: 'pop', listen: [{ port: 4874 }], parents: ['shield', 'origin'] },
  },
  routes: [npm({ match: { path: '/npm' } })],
});
