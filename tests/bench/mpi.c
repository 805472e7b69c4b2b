// SPDX-License-Identifier: GPL-2.0
/* Messages from one process to another, large enough not to be copied twice. */
#include <stdlib.h>
#include <mpi.h>

#define MESSAGES 200
#define BYTES (256 * 1024)

int main(int argc, char **argv)
{
	char *buffer = calloc(1, BYTES);
	int i, rank;

	if (!buffer)
		return 1;
	MPI_Init(&argc, &argv);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	for (i = 0; i < MESSAGES; i++) {
		if (rank == 0)
			MPI_Send(buffer, BYTES, MPI_CHAR, 1, 0, MPI_COMM_WORLD);
		else
			MPI_Recv(buffer, BYTES, MPI_CHAR, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
	}
	MPI_Finalize();
	free(buffer);
	return 0;
}
