/** The world's land (Natural Earth 1:110m, public domain), as a shape that can be projected. */
import { feature } from 'topojson-client';
import type { Topology } from 'topojson-specification';
import land from 'world-atlas/land-110m.json';

// The file's own form, which a text of that length is not inferred to have.
const topology = land as unknown as Topology<{ land: Topology['objects'][string] }>;

export const landShape = feature(topology, topology.objects.land);
