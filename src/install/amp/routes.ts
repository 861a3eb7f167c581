import { npmRoute } from "./npm.ts";
import { officialRoute } from "./official.ts";
import type { AmpRoute, RouteContext } from "./route.ts";

/** Every way to install Amp; the last one is for those who ask for none. */
const ROUTES: readonly AmpRoute[] = [npmRoute, officialRoute];

/** The route that the template asks for. */
export function routeFor(config: RouteContext["config"], routes = ROUTES): AmpRoute {
  return routes.find(({ isAskedFor }) => isAskedFor(config)) ?? officialRoute;
}
