import { openStore } from '../../src/store/store.ts'
import { storeContract } from './contract.ts'
import { databaseOfPlace, serverOfFile } from './postgres-server.ts'

const serverHere = serverOfFile()

storeContract('PostgreSQL', async (place) => {
  const database = await databaseOfPlace(await serverHere(), place)
  return openStore({ stateDir: place, database })
})
