/**
 * The network that runs where there is no config file: two PoPs, their shield and the origin on this
 * machine, serving packages of the registry that this machine's npm is set to and of the public ones of other
 * ecosystems, and images of the registries that most images come from.
 */
import { defineNetwork, npm, oci } from './define.ts';
import { cargo, fileTree, go, helm, huggingface, maven, nuget, pypi, rubygems } from './define-ecosystems.ts';

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
    // What these names claim lives here, and no upstream is asked for it. The public registries are named, because pip, go, cargo and others may
    // be set to what is none (`GOPROXY=off`), or to this network itself (`meridian setup`).
    pypi({ upstreams: [{ url: 'https://pypi.org/simple' }], hosted: { names: ['acme-*'] } }),
    // Public: the go command shows tokens over TLS alone, and cargo would ask everybody for one.
    go({
      upstreams: [{ url: 'https://proxy.golang.org' }],
      hosted: { names: ['acme.example/*'], public: ['acme.example/*'] },
    }),
    cargo({
      upstreams: [{ url: 'https://index.crates.io' }],
      hosted: { names: ['acme-*'], public: ['acme-*'] },
    }),
    maven({ hosted: { names: ['com.acme.*'] } }),
    rubygems({ hosted: { names: ['acme-*'] } }),
    nuget({ hosted: { names: ['acme.*'] } }),
    huggingface({
      upstreams: [{ url: 'https://huggingface.co' }],
      hosted: { names: ['acme/*', 'datasets/acme/*'] },
    }),
    helm({ hosted: { names: ['*'] } }),
    fileTree({ hosted: { names: ['*'] } }),
  ],
});
