/** The pages, in the order of the navigation. Each is loaded when it is first opened. */
import type { ComponentType } from 'preact';
import { lazy } from 'preact-iso';

export interface PageRow {
  /** As the router has it. */
  readonly path: string;
  /** In the navigation; a page without is reached from another one. */
  readonly title?: string;
  readonly icon?: string;
  /** Where else one is still on this page, as the navigation has it: what such paths begin with. */
  readonly also?: string;
  readonly Page: ComponentType;
}

const Cache = lazy(() => import('./pages/cache/page.tsx'));
const Access = lazy(() => import('./pages/access/page.tsx'));

export const pages: readonly PageRow[] = [
  {
    path: '/console/',
    title: 'Network',
    icon: 'network',
    Page: lazy(() => import('./pages/network/page.tsx')),
  },
  { path: '/console/nodes/:name', Page: lazy(() => import('./pages/node/page.tsx')) },
  {
    path: '/console/traffic',
    title: 'Traffic',
    icon: 'traffic',
    Page: lazy(() => import('./pages/traffic/page.tsx')),
  },
  {
    path: '/console/packages',
    title: 'Packages',
    icon: 'packages',
    also: '/console/clients',
    Page: lazy(() => import('./pages/packages/page.tsx')),
  },
  { path: '/console/packages/:route/:name/:tab?', Page: lazy(() => import('./pages/package/page.tsx')) },
  {
    path: '/console/packages/:route/:name/versions/:version',
    Page: lazy(() => import('./pages/artifact/page.tsx')),
  },
  { path: '/console/clients', Page: lazy(() => import('./pages/clients/page.tsx')) },
  { path: '/console/cache', title: 'Cache', icon: 'cache', Page: Cache },
  { path: '/console/cache/:tab', Page: Cache },
  { path: '/console/access', title: 'Access', icon: 'access', Page: Access },
  { path: '/console/access/:tab', Page: Access },
  {
    path: '/console/policy',
    title: 'Policy',
    icon: 'policy',
    Page: lazy(() => import('./pages/policy/page.tsx')),
  },
];
