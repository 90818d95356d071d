import type { ControlHandlers } from '@imgsvc/core/control'
import type { Logger } from '@imgsvc/core/log'
import { type RpcServer, serveRpc } from '@imgsvc/core/socket-rpc'

/**
 * Serves the control methods on `run/supervisor.sock`. The socket is its owner's alone (0600), which is all the access
 * control it needs. Throws ALREADY_RUNNING, STATE_DIR_UNUSABLE.
 */
export function serveControl(path: string, handlers: ControlHandlers, log: Logger): Promise<RpcServer> {
  return serveRpc({ path, methods: handlers, log })
}
