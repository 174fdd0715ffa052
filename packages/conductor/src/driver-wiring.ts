import type { Bmcs } from './bmc/redfish/bmcs.ts'
import type { BootMedia } from './boot-media.ts'
import { bridgeNames } from './boot-settings.ts'
import type { BootSide } from './boot-wiring.ts'
import type { Config } from './config.ts'
import type { Findings } from './core/findings.ts'
import { redfishBios } from './drivers/bios/redfish.ts'
import { redfishVirtualMedia } from './drivers/boot/redfish-virtual-media.ts'
import { askImageServer } from './drivers/deploy/ask-image-server.ts'
import { redfishFirmware } from './drivers/firmware/redfish.ts'
import { redfishInspect } from './drivers/inspect/redfish.ts'
import { redfishManagement } from './drivers/management/redfish.ts'
import { redfishRaid } from './drivers/raid/redfish.ts'
import { redfishPower } from './drivers/power/redfish.ts'
import { createDrivers, type Drivers } from './drivers/table.ts'
import { inspectionSettings, type stepSettings } from './step-settings.ts'

type DriverSide = { bmcs: Bmcs; media: BootMedia; boot: BootSide; findings: Findings }

/** The drivers of a conductor, each with the settings and connections that it needs. */
export function driversFor(
  config: Config,
  settings: ReturnType<typeof stepSettings>,
  { bmcs, media, boot, findings }: DriverSide,
): Drivers {
  return createDrivers({
    enabled: config.enabled_hardware_types,
    host: config.host,
    settings,
    images: {
      allowMd5: config.agent_md5_checksum,
      ask: config.image_server_check
        ? askImageServer({ onLoopback: config.image_insecure_loopback })
        : () => Promise.resolve(),
    },
    inspection: { inspection: inspectionSettings(config), findings },
    ...boot.drivers,
    networks: {
      namespace: config.bridge_namespace,
      bridges: bridgeNames(config.bridges),
      switchUrl: config.switch_url,
      networks: {
        provisioning: config.provisioning_network,
        cleaning: config.cleaning_network,
        inspection: config.inspection_network ?? config.provisioning_network,
        rescuing: config.rescuing_network ?? config.provisioning_network,
        servicing: config.servicing_network ?? config.provisioning_network,
        tenant: config.tenant_network,
      },
    },
    redfish: {
      power: redfishPower(bmcs, {
        changeMs: config.power_state_change_timeout * 1000,
        softOffMs: config.soft_power_off_timeout * 1000,
      }),
      management: redfishManagement(bmcs),
      boot: redfishVirtualMedia({ bmcs, media, own: boot.isoParts }),
      inspect: redfishInspect(bmcs, findings),
      bios: redfishBios(bmcs, settings),
      firmware: redfishFirmware(bmcs, settings),
      raid: redfishRaid(bmcs, settings),
    },
  })
}
