import type { ChildHandlers, ChildMethods } from './child-control.ts'
import { type RpcClient, rpcClient } from './rpc-client.ts'
import type { RpcLog } from './rpc-handler.ts'
import { type RpcServer, serveRpc } from './socket-rpc.ts'

/** Serves the methods of a child on its socket `run/<id>.sock`. Throws ALREADY_RUNNING, STATE_DIR_UNUSABLE. */
export function serveChildSocket(path: string, handlers: ChildHandlers, log?: RpcLog): Promise<RpcServer> {
  return serveRpc({ path, methods: handlers, ...(log && { log }) })
}

/** Client of a child's socket. */
export function childClient(path: string): RpcClient<ChildMethods> {
  return rpcClient<ChildMethods>(path)
}
