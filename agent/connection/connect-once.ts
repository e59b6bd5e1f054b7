/** A gRPC channel that tries each address of a name once: how patient to be is decided above it, for the whole agent. */
import { experimental } from '@grpc/grpc-js';
import type { ChannelOptions } from '@grpc/grpc-js';

const { BaseSubchannelWrapper, ChildLoadBalancerHandler, createChildChannelControlHelper, registerLoadBalancerType, selectLbConfigFromList } = experimental;

const POLICY = 'homeport_connect_once';

/**
 * For a channel that is closed once it has failed. grpc-js itself marks a connection that failed to be tried again after a second,
 * and tries it also where the channel was closed meanwhile: while a control plane is away its whole fleet would come twice.
 */
export const connectOnceOptions: ChannelOptions = { 'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ [POLICY]: {} }] }) };

class OnceSubchannel extends BaseSubchannelWrapper {
  private isStarted = false;

  override startConnecting(): void {
    if (this.isStarted) return;
    this.isStarted = true;
    super.startConnecting();
  }
}

/** The order and the pace in which several addresses are tried are those of pick_first. */
class OnceLoadBalancer implements experimental.LoadBalancer {
  private readonly child: experimental.LoadBalancer;

  constructor(helper: experimental.ChannelControlHelper) {
    this.child = new ChildLoadBalancerHandler(
      createChildChannelControlHelper(helper, { createSubchannel: (address, options) => new OnceSubchannel(helper.createSubchannel(address, options)) }),
    );
  }

  updateAddressList(...[endpoints, , options, note]: Parameters<experimental.LoadBalancer['updateAddressList']>): boolean {
    return this.child.updateAddressList(endpoints, pickFirst(), options, note);
  }

  exitIdle(): void {
    this.child.exitIdle();
  }

  resetBackoff(): void {
    this.child.resetBackoff();
  }

  destroy(): void {
    this.child.destroy();
  }

  getTypeName(): string {
    return POLICY;
  }
}

class OnceConfig implements experimental.TypedLoadBalancingConfig {
  static createFromJson(): OnceConfig {
    return new OnceConfig();
  }

  getLoadBalancerName(): string {
    return POLICY;
  }

  toJsonObject(): object {
    return { [POLICY]: {} };
  }
}

/** Throws where grpc-js does not know its own default policy any more. */
function pickFirst(): experimental.TypedLoadBalancingConfig {
  const config = selectLbConfigFromList([{ pick_first: {} }]);
  if (config === null) throw new Error('@grpc/grpc-js has no load balancing policy pick_first any more.');
  return config;
}

registerLoadBalancerType(POLICY, OnceLoadBalancer, OnceConfig);
