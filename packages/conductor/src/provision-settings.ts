import { z } from 'zod'
import { hookNames } from './core/findings.ts'
import { bool, names, oneOrMore, seconds } from './setting-types.ts'

const text = () => z.string().min(1).optional()

/** Settings of rescue, servicing, inspection and of the steps that operators order. */
export const provisionSettings = {
  rescue_callback_timeout: seconds(1800).describe(
    'Seconds without a heartbeat in rescue wait before the rescue fails; 0 is never.',
  ),
  service_callback_timeout: seconds(1800).describe(
    'Seconds without a heartbeat in service wait before the service fails; 0 is never.',
  ),
  inspect_wait_timeout: seconds(1800).describe(
    'Seconds that the ramdisk of an inspection may take to send what it found; 0 is no limit.',
  ),
  max_conductor_wait_step_seconds: seconds(30).describe('Longest pause that the step "wait" may ask for, seconds.'),
  disallow_clean_steps: names(['vendor.send_raw']).describe('Clean steps that nobody may order, as INTERFACE.STEP.'),
  disallow_deploy_steps: names(['vendor.send_raw']).describe('Deploy steps that nobody may order, as INTERFACE.STEP.'),
  disallow_service_steps: names(['vendor.send_raw']).describe(
    'Service steps that nobody may order, as INTERFACE.STEP.',
  ),
  inspection_network: text().describe('Network for inspection ramdisks; default: provisioning_network.'),
  rescuing_network: text().describe(
    'Network for rescue ramdisks until they are handed over; default: provisioning_network.',
  ),
  servicing_network: text().describe('Network for service ramdisks; default: provisioning_network.'),
  inspection_hooks: oneOrMore(hookNames, ['ramdisk-error', 'validate-interfaces', 'ports', 'architecture']).describe(
    'What is done with the data of an inspection, in this order.',
  ),
  inspection_collectors: names([]).describe(
    'Collectors that inspection ramdisks are told to use; none: their own choice.',
  ),
  inspection_power_off: bool(true).describe('Power a machine off when its inspection is over.'),
  inspection_add_ports: z
    .enum(['all', 'active', 'pxe', 'disabled'])
    .default('pxe')
    .describe('Which interfaces become ports: all, those with an address, the one that booted, or none.'),
  inspection_keep_ports: z
    .enum(['all', 'present', 'added'])
    .default('all')
    .describe('Which earlier ports are kept: all, those of interfaces that are there, or those that were added.'),
  inspection_update_pxe_enabled: bool(true).describe('Set pxe_enabled of ports to what the inspection saw.'),
}
