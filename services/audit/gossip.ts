/** Where the cluster's members are: there is one, and it is where the client called. */
import gossip from '@eventstore/db-client/generated/gossip_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';

const { ClusterInfo, EndPoint, MemberInfo } = gossip;

/**
 * @param authority what the client called, such as `localhost:2113`; it reaches the same place again
 * @param instanceId a UUID that lives as long as the process
 */
export function clusterInfo(authority: string, instanceId: string, nowMs: number): gossip.ClusterInfo {
  const [, host = authority, port = '443'] = /^(.*?)(?::(\d{1,5}))?$/.exec(authority) ?? [];
  const member = new MemberInfo()
    .setInstanceId(new shared.UUID().setString(instanceId))
    .setTimeStamp(`${Math.trunc(nowMs)}0000`)
    .setState(MemberInfo.VNodeState.LEADER)
    .setIsAlive(true)
    .setHttpEndPoint(new EndPoint().setAddress(host.replace(/^\[(.*)\]$/, '$1')).setPort(Number(port)));
  return new ClusterInfo().setMembersList([member]);
}
