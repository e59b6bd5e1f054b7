/** Refuses calls of the kinds that the settings deny to the caller's role. */
import type { Settings } from '../../services/domain/events.ts';
import { GatewayError } from '../problems/gateway-error.ts';
import type { AdmittedCall } from './admission.ts';

/** Throws {@link GatewayError} operation-denied. */
export function refuseDenied({ principal, operations }: Pick<AdmittedCall, 'principal' | 'operations'>, settings: Pick<Settings, 'operatorDeniedOperations' | 'adminDeniedOperations'>): void {
  const denied = principal.role === 'admin' ? settings.adminDeniedOperations : settings.operatorDeniedOperations;
  const operation = operations.find((one) => denied.includes(one));
  if (operation !== undefined) throw new GatewayError('operation-denied', `${principal.role}s are denied the operation ${operation} on engines; an admin can allow it in the settings.`);
}
