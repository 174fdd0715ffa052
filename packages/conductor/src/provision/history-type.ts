const eventTypes: Record<string, string> = {
  deploy: 'deploying',
  clean: 'cleaning',
  delete: 'unprovision',
  verify: 'verify',
  inspect: 'introspection',
  adopt: 'adoption',
  service: 'servicing',
  rescue: 'rescuing',
  unrescue: 'rescuing',
}
/** Ironic's word for a history entry of this kind of flow. */
export const historyType = (kind: string | undefined): string => eventTypes[kind ?? ''] ?? 'provisioning'
