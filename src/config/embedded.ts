/**
 * The network that runs where there is no config file: two PoPs, their shield and the origin on this
 * machine, serving packages of the registry that this machine's npm is set to, and images of the registries that
 * most images come from.
 */
import { defineNetwork, npm, oci } from './define.ts';

export const embedded = defineNetwork({
  name: 'embedded',
  // Four nodes on one machine have a process each: for its cores, and to be there at once.
  nodes: {
    origin: { role: 'origin', listen: [{ port: 4870 }], admin: { port: 4872 } },
    shield: { role: 'shield', listen: [{ port: 4871 }], parents: ['origin'], workers: 1 },
    'pop-a': { role: 'pop', listen: [{ port: 4873 }], parents: ['shield', 'origin'], workers: 1 },
    'pop-b': { role: 'pop', listen: [{ port: 4874 }], parents: ['shield', 'origin'], workers: 1 },
  },
  // Any name that no upstream has may be published; who has been given it by name may read it.
  routes: [
    npm({ match: { path: '/npm' }, hosted: { others: true } }),
    oci({
      sources: [
        { name: 'docker.io', url: 'https://registry-1.docker.io', namespace: 'library' },
        { name: 'ghcr.io', url: 'https://ghcr.io' },
        { name: 'quay.io', url: 'https://quay.io' },
        { name: 'registry.k8s.io', url: 'https://registry.k8s.io' },
      ],
      hosted: { names: ['*'] },
    }),
  ],
});
