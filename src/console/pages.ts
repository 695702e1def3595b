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
  { path: '/console/clients', Page: lazy(() => import('./pages/clients/page.tsx')) },
];
