import { startFaults } from './hook.ts'

/*
 * Loaded before the program in every process of an instance under the rig (`NODE_OPTIONS=--import`), never otherwise.
 * Does nothing until an order for this process lies in IMGSVC_CHAOS_ORDERS.
 */
const { IMGSVC_CHAOS_ORDERS, IMGSVC_CHILD_STATE_DIR } = process.env
const idOf = () => process.env.IMGSVC_CHILD_ID ?? 'supervisor'
if (IMGSVC_CHAOS_ORDERS) startFaults(IMGSVC_CHAOS_ORDERS, idOf, IMGSVC_CHILD_STATE_DIR)
