/* Cloud and container as files and variables of other machines tell them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exec_private.h"

struct machine {
	const char *files[8][2]; /* path, content */
	char *env[4];
	const char *expected; /* YAML of the record, "null" for none */
};

static const struct guild_value *yaml(struct guild_arena *a, const char *text)
{
	struct guild_value *v = NULL;
	assert_int_equal(guild_yaml_parse(a, guild_str(text), NULL, 0, &v, NULL), 0);
	return v;
}

typedef struct guild_value *record_fn(struct guild_arena *a, char *const *env, const char *root);

static void check(const struct machine *m, record_fn *record)
{
	struct guild_arena *a = guild_arena_new();
	char *root = guild_tmp_dir("guild-machine", NULL);
	for (size_t i = 0; m->files[i][0]; i++) {
		char *path = guild_path_join(root, m->files[i][0]);
		char *dir = guild_path_dirname(path);
		assert_int_equal(guild_mkdirs(dir, NULL), 0);
		assert_int_equal(guild_file_write(path, m->files[i][1], strlen(m->files[i][1]),
					 false, NULL),
			0);
		free(path);
		free(dir);
	}
	const struct guild_value *v = record(a, m->env, root);
	const struct guild_value *expected = yaml(a, m->expected);
	if (guild_value_is_null(expected)) {
		assert_null(v);
	} else {
		assert_non_null(v);
		assert_true(guild_value_eq(v, expected));
	}
	guild_rmtree(root, NULL);
	free(root);
	guild_arena_free(a);
}

#define DMI "sys/class/dmi/id/"

static const struct machine clouds[] = {
	{.files = {{DMI "sys_vendor", "Amazon EC2\n"}, {DMI "product_name", "p4d.24xlarge\n"}},
		.env = {"AWS_REGION=eu-west-1"},
		.expected = "{provider: aws, instance_type: p4d.24xlarge, region: eu-west-1}"},
	{.files = {{DMI "sys_vendor", "Xen\n"}, {DMI "bios_version", "4.11.amazon\n"},
		 {DMI "product_name", "HVM domU\n"}},
		.expected = "{provider: aws}"},
	{.files = {{DMI "product_name", "Google Compute Engine\n"},
		 {"run/cloud-init/instance-data.json",
			 "{\"v1\": {\"cloud_name\": \"gce\", \"region\": \"us-central1\"}, \"ds\": {\"meta_data\": "
			 "{\"machine-type\": \"n1-standard-4\"}}}"}},
		.expected = "{provider: gcp, region: us-central1, instance_type: n1-standard-4}"},
	{.files = {{DMI "chassis_asset_tag", "7783-7084-3265-9085-8269-3286-77\n"}},
		.expected = "{provider: azure}"},
	{.env = {"SM_CURRENT_INSTANCE_TYPE=ml.g5.xlarge"},
		.expected = "{provider: aws, instance_type: ml.g5.xlarge}"},
	{.env = {"COLAB_RELEASE_TAG=release-colab_1"}, .expected = "{provider: colab}"},
	{.files = {{DMI "sys_vendor", "LENOVO\n"}}, .expected = "null"},
	{.files = {{"run/cloud-init/instance-data.json", "{bad"}}, .expected = "null"},
};

#define CG "sys/fs/cgroup/"

static const struct machine containers[] = {
	{.files = {{".dockerenv", ""}, {"proc/self/cgroup", "0::/\n"},
		 {CG "cpu.max", "150000 100000\n"}, {CG "memory.max", "1073741824\n"}},
		.expected = "{kind: docker, cpus: 1.5, memory: 1073741824}"},
	{.files = {{"proc/self/cgroup", "0::/a/b\n"}, {CG "a/cpu.max", "200000 100000\n"},
		 {CG "a/b/cpu.max", "max 100000\n"}, {CG "a/memory.max", "max\n"},
		 {CG "a/b/memory.max", "4096\n"}},
		.expected = "{cpus: 2.0, memory: 4096}"},
	{.files = {{"run/.containerenv", ""}, {CG "cpu/cpu.cfs_quota_us", "50000\n"},
		 {CG "cpu/cpu.cfs_period_us", "100000\n"},
		 {CG "memory/memory.limit_in_bytes", "9223372036854771712\n"}},
		.expected = "{kind: podman, cpus: 0.5}"},
	{.files = {{CG "cpu/cpu.cfs_quota_us", "-1\n"}, {CG "cpu/cpu.cfs_period_us", "100000\n"}},
		.expected = "null"},
	{.env = {"KUBERNETES_SERVICE_HOST=10.0.0.1"}, .expected = "{kind: kubernetes}"},
};

static void knows_clouds(void **state)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(clouds); i++) {
		check(&clouds[i], guild_cloud_record);
	}
}

static void knows_containers(void **state)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(containers); i++) {
		check(&containers[i], guild_container_record);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_clouds), cmocka_unit_test(knows_containers)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
