/** Parameters of a route for .NET packages. */
import { registry } from '../schema-registry.ts';

export const nuget = registry('.NET packages, for dotnet, NuGet and Visual Studio.', 'nuget.org', {});
