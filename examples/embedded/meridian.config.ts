/**
 * The network that `meridian up` runs where there is no config file, written out: two PoPs, a shield and an origin
 * on one machine. Copy it to start from.
 */
import {
  cargo,
  defineNetwork,
  fileTree,
  go,
  helm,
  huggingface,
  maven,
  npm,
  nuget,
  oci,
  pypi,
  rubygems,
} from 'meridian';

export default defineNetwork({
  name: 'embedded',
  // No `secret`: every node listens on loopback only (the default host), so one is made and kept in `.meridian/`.
  // `workers: 1`: four nodes on one machine have a process each. On a machine of its own, a node has one for each core unless said.
  nodes: {
    // The only node that asks the registry, and the only one that would hold credentials for it. `admin`: the web console and metrics.
    origin: { role: 'origin', listen: [{ port: 4870 }], admin: { port: 4872 } },
    // What one PoP has fetched, the other one finds here.
    shield: { role: 'shield', listen: [{ port: 4871 }], parents: ['origin'], workers: 1 },
    // Parents in order of preference: while the shield is down, the PoPs ask the origin.
    'pop-a': { role: 'pop', listen: [{ port: 4873 }], parents: ['shield', 'origin'], workers: 1 },
    'pop-b': { role: 'pop', listen: [{ port: 4874 }], parents: ['shield', 'origin'], workers: 1 },
  },
  // No `upstreams`: the origin asks the registry that its machine's npm is set to.
  // Any name that no upstream has may be published; who has been given it by name may read it.
  routes: [
    npm({ match: { path: '/npm' }, hosted: { others: true } }),
    // Images of these registries by their full names, and any other name for what is pushed here.
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
