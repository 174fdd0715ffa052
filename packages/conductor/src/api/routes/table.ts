import type { Metrics } from '../metrics.ts'
import type { DeclaredRoute } from '../route.ts'
import { allocationRoutes } from './allocations.ts'
import { chassisRoutes } from './chassis.ts'
import { deployTemplateRoutes } from './deploy-templates.ts'
import { inspectionRuleRoutes } from './inspection-rules.ts'
import { networkEventRoutes } from './network-events.ts'
import { portgroupRoutes } from './portgroups.ts'
import { runbookRoutes } from './runbooks.ts'
import { shardRoutes } from './shards.ts'
import { volumeRoutes } from './volumes.ts'
import { bootRoutes } from './boot.ts'
import { continueInspectionRoutes } from './continue-inspection.ts'
import { callbackRoutes } from './callback.ts'
import { conductorRoutes } from './conductors.ts'
import { discoveryRoutes } from './discovery.ts'
import { documentationRoutes } from './documentation.ts'
import { driverRoutes } from './drivers.ts'
import { eventRoutes } from './events.ts'
import { healthRoutes } from './health.ts'
import { mediaRoutes } from './media.ts'
import { nodeBootRoutes } from './node-boot.ts'
import { nodeHistoryRoutes } from './node-history.ts'
import { nodeListRoutes } from './node-lists.ts'
import { nodeManagementRoutes, validateRoutes } from './node-management.ts'
import { nodeStateRoutes } from './node-states.ts'
import { nodeTraitRoutes } from './node-traits.ts'
import { nodeHardwareRoutes } from './node-hardware.ts'
import { nodeIndicatorRoutes } from './node-indicators.ts'
import { nodeVendorRoutes } from './node-vendor.ts'
import { nodeVmediaRoutes } from './node-vmedia.ts'
import { nodeVifRoutes } from './node-vifs.ts'
import { nodeViewRoutes } from './node-views.ts'
import { nodeRoutes } from './nodes.ts'
import { portRoutes } from './ports.ts'

/** Every route of both listeners. */
export function allRoutes(metrics: Metrics): readonly DeclaredRoute[] {
  const routes = describedRoutes(metrics)
  return [...routes, ...documentationRoutes(routes)]
}

const describedRoutes = (metrics: Metrics): readonly DeclaredRoute[] => [
  ...discoveryRoutes,
  ...nodeListRoutes,
  ...nodeRoutes,
  ...nodeStateRoutes,
  ...nodeManagementRoutes,
  ...validateRoutes,
  ...nodeTraitRoutes,
  ...nodeVifRoutes,
  ...nodeHistoryRoutes,
  ...nodeViewRoutes,
  ...nodeHardwareRoutes,
  ...nodeIndicatorRoutes,
  ...nodeVmediaRoutes,
  ...nodeVendorRoutes,
  ...portRoutes,
  ...portgroupRoutes,
  ...chassisRoutes,
  ...volumeRoutes,
  ...allocationRoutes,
  ...deployTemplateRoutes,
  ...runbookRoutes,
  ...inspectionRuleRoutes,
  ...shardRoutes,
  ...networkEventRoutes,
  ...driverRoutes,
  ...conductorRoutes,
  ...callbackRoutes,
  ...continueInspectionRoutes,
  ...mediaRoutes,
  ...bootRoutes,
  ...nodeBootRoutes,
  ...eventRoutes,
  ...healthRoutes(metrics),
]
