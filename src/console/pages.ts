/** The pages, in the order of the navigation. Each is loaded when it is first opened. */
import type { ComponentType } from 'preact';
import { lazy } from 'preact-iso';

export interface PageRow {
  /** As the router has it. */
  readonly path: string;
  /** In the navigation; a page without is reached from another one. */
  readonly title?: string;
  readonly icon?: string;
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
];
