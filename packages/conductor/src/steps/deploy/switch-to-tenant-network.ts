import type { Step } from '../../core/step.ts'

/** Off the provisioning network, onto the tenant's, while the machine is off. */
export const switchToTenantNetwork: Step = {
  interface: 'deploy',
  step: 'switch_to_tenant_network',
  priority: 30,
  async run(task) {
    await task.effect('move the machine to the tenant network', () => task.interfaces.network.attach(task, 'tenant'))
    return { done: true }
  },
}
