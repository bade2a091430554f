import { createMemoryRecordStore } from '../../../src/directory/node/record-store.ts'
import { checkShelfContract } from './record-store-contract.ts'

checkShelfContract(createMemoryRecordStore)
