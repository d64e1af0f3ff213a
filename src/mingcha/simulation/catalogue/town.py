"""公安、消防、城管、生态环境、住建、交通、文旅、应急、农业: what the city's own services see, much of it by place."""

from .grammar import Dataset, Days, Events, Periodic, Places, Register, Whom, columns

POLICE, FIRE, STREETS = "云汀市公安局", "云汀市消防救援支队", "云汀市城市管理和综合执法局"
AIR, BUILDING, ROADS = "云汀市生态环境局", "云汀市住房和城乡建设局", "云汀市交通运输局"
CULTURE, SAFETY, FARMS = "云汀市文化广电和旅游局", "云汀市应急管理局", "云汀市农业农村局"
CREDIT = "云汀市发展和改革委员会（信用办）"

DATASETS = (
    Dataset(
        "published_penalties", "行政处罚信用信息公示（其他部门）", CREDIT,
        Events(signal="other_penalty", keep=(0.0, 0.6)),
        columns("""
            decision_no    处罚文号          no GSC
            uscc           行政相对人信用代码 uscc
            name           行政相对人名称    name
            authority      处罚机关          choice 城管=4 消防=3 税务=2 交通=2 住建=2 文旅=1
            fact           违法事实          choice 占道经营=3 消防设施不合格=3 未按规定申报=2 超限运输=2 违规施工=2
            amount         罚款金额（元）    money 3000 1.0
            decided_on     决定日期          date
            published_on   公示日期          known 3 15
        """),
        law="优化营商环境条例", article="53", domain="信用", purpose="其他部门的行政处罚", measures=("amount",),
        categories={"authority": 6}, direction={"count": "up"},
    ),
    Dataset(
        "credit_commitments", "信用承诺书", CREDIT, Events(0.10),
        columns("""
            commitment_no  承诺书编号        no CN
            uscc           承诺主体信用代码  uscc
            kind           承诺类型          choice 审批替代型=5 主动型=4 信用修复型=1
            signed_on      签订日期          date
            kept           履约情况          choice 履行=9 未履行=1
        """),
        law="优化营商环境条例", article="53", domain="信用", purpose="信用承诺及履约",
        conditions={"broken": "kept = '未履行'"},
    ),
    Dataset(
        "credit_repairs", "信用修复申请", CREDIT, Events(0.01, lean=0.3),
        columns("""
            repair_no      受理编号          no XF
            uscc           申请主体信用代码  uscc
            applied_on     申请日期          date
            decided_on     办结日期          known 5 20
            outcome        结果              choice 同意=8 不同意=2
        """),
        law="优化营商环境条例", article="53", domain="信用", purpose="信用修复", format="xlsx",
    ),
    Dataset(
        "police_incidents", "警情（盗窃、纠纷）", POLICE, Places(9.0),
        columns("""
            incident_no    警情编号          no JQ
            kind           类别              choice 盗窃=4 消费纠纷=2 打架=2 诈骗=3 噪声=2
            reported_at    接警时间          time
            district       区县              district
            latitude       纬度              latitude
            longitude      经度              longitude
        """),
        law="优化营商环境条例", article="56", domain="公安", purpose="按地点统计的警情，不含个人信息",
        conditions={"theft": "kind = '盗窃'", "dispute": "kind = '消费纠纷'"}, datum="GCJ-02", format="csv.gz",
    ),
    Dataset(
        "special_trades", "特种行业许可", POLICE, Register(Whom(0.7, ("lodging",))),
        columns("""
            permit_no      许可证号          no TX
            uscc           统一社会信用代码   uscc
            trade          行业              choice 旅馆业=8 典当业=1 公章刻制业=1
            rooms          房间数            int 5 200
            issued_on      发证日期          from
        """),
        law="无证无照经营查处办法", article="5", domain="公安", purpose="特种行业许可", event="issued_on",
        measures=("rooms",),
    ),
    Dataset(
        "lodging_uploads", "旅馆住宿登记上传情况", POLICE, Periodic(1, Whom(0.9, ("lodging",))),
        columns("""
            uscc           统一社会信用代码   uscc
            month          月份              month
            guests         登记人次          count 320
            missed         漏报次数          count 0.6
        """),
        law="无证无照经营查处办法", article="5", domain="公安", purpose="住宿登记上传",
        measures=("guests", "missed"), dates="yyyyMM",
    ),
    Dataset(
        "company_seals", "公章刻制备案", POLICE, Register(Whom(0.85, kinds=("company", "branch"))),
        columns("""
            filing_no      备案编号          no GZ
            uscc           用章单位信用代码  uscc
            seals          印章枚数          int 1 5
            filed_on       备案日期          from
        """),
        domain="公安", purpose="公章备案，不用于派生因子", event="filed_on",
    ),
    Dataset(
        "fire_inspections", "消防监督检查记录", FIRE, Events(0.12, lean=0.1),
        columns("""
            record_no      记录编号          no XJ
            uscc           被检查单位信用代码 uscc
            inspected_on   检查日期          date
            hazards        隐患数            count 0.5
            verdict        结论              choice 合格=85 责令改正=14 临时查封=1
        """),
        law="消防法", article="53", domain="消防", purpose="消防监督检查", measures=("hazards",),
        conditions={"bad": "verdict <> '合格'"},
    ),
    Dataset(
        "fire_penalties", "消防行政处罚", FIRE, Events(signal="other_penalty", keep=(0.6, 0.8)),
        columns("""
            decision_no    决定书文号        no XC
            uscc           被处罚单位信用代码 uscc
            fact           违法行为          choice 堵塞疏散通道=5 消防设施故障=4 违规用电=3
            amount         罚款（元）        money 5000 0.7
            decided_on     决定日期          date
        """),
        law="消防法", article="60", domain="消防", purpose="消防处罚", measures=("amount",),
        direction={"count": "up"}, encoding="gb18030",
    ),
    Dataset(
        "fire_alarms", "火警出动", FIRE, Places(0.9),
        columns("""
            alarm_no       出动编号          no HJ
            kind           类型              choice 电气=5 用火不慎=3 误报=4 其他=2
            called_at      报警时间          time
            latitude       纬度              latitude
            longitude      经度              longitude
        """),
        law="消防法", article="6", domain="消防", purpose="火警地点", conditions={"real": "kind <> '误报'"},
    ),
    Dataset(
        "fire_permits", "公众聚集场所消防安全检查", FIRE,
        Register(Whom(0.5, ("catering", "lodging", "education", "beauty"))),
        columns("""
            permit_no      合格证号          no XAJ
            uscc           统一社会信用代码   uscc
            area           使用面积（㎡）    money 180 0.8
            issued_on      发证日期          from
        """),
        law="消防法", article="15", domain="消防", purpose="投入使用前消防安全检查", event="issued_on",
        measures=("area",),
    ),
    Dataset(
        "street_occupation", "占道经营巡查记录", STREETS,
        Events(0.12, lean=0.15, whom=Whom(1.0, ("catering", "food_retail", "retail", "repair"), ("individual",))),
        columns("""
            record_no      巡查编号          no ZD
            uscc           当事人信用代码    uscc
            found_at       发现时间          time
            kind           问题              choice 出店经营=6 乱堆放=3 擅设广告=2
            settled        是否当场改正      choice 是=8 否=2
        """),
        law="优化营商环境条例", article="56", domain="城管", purpose="占道经营巡查",
        conditions={"unsettled": "settled = '否'"},
    ),
    Dataset(
        "sanitation_reports", "市容环境问题上报（油烟、鼠患、垃圾）", STREETS, Places(signal="nuisance"),
        columns("""
            report_no      上报编号          no SR
            kind           问题类型          choice 油烟扰民=4 垃圾堆放=4 鼠患=1 污水外溢=2
            reported_at    上报时间          time
            source         来源              choice 12345热线=5 网格员=4 市民拍=3
            district       区县              district
            latitude       纬度              latitude
            longitude      经度              longitude
        """),
        law="食品安全法", article="33", domain="城管", purpose="按地点上报的市容环境问题", categories={"kind": 4},
        direction={"count": "up"}, windows=("P90D", "P365D"),
    ),
    Dataset(
        "outdoor_signs", "户外广告设施设置许可", STREETS, Events(0.03),
        columns("""
            permit_no      许可编号          no HW
            uscc           设置单位信用代码  uscc
            kind           类型              choice 店招=7 立柱=1 楼顶=1 灯箱=3
            approved_on    批准日期          date
            valid_to       有效期至          to 2
        """),
        law="广告法", article="41", domain="城管", purpose="户外广告设施", format="xlsx",
    ),
    Dataset(
        "kitchen_waste", "餐厨垃圾收运台账", STREETS, Periodic(1, Whom(0.5, ("catering",))),
        columns("""
            uscc           产生单位信用代码  uscc
            month          月份              month
            pickups        收运次数          count 22
            kilograms      收运量（公斤）    money 900 0.6
        """),
        law="食品安全法", article="56", domain="城管", purpose="餐厨垃圾收运",
        measures=("pickups", "kilograms"), dates="yyyyMM",
    ),
    Dataset(
        "hotline_calls", "12345 热线民生诉求（按地点）", "云汀市政务服务和数据管理局", Places(6.0, lean=0.2),
        columns("""
            call_no        工单编号          no RX
            topic          诉求类别          choice 市场监管=3 城市管理=5 住房物业=4 交通出行=3 教育医疗=2
            called_at      来电时间          time
            latitude       纬度              latitude
            longitude      经度              longitude
        """),
        law="优化营商环境条例", article="49", domain="政务", purpose="热线诉求地点",
        conditions={"market": "topic = '市场监管'"},
        datum="GCJ-02", format="csv.gz",
    ),
    Dataset(
        "pollutant_permits", "排污许可与登记", AIR,
        Register(Whom(0.5, ("manufacturing", "repair", "catering")), term=5),
        columns("""
            permit_no      许可（登记）编号  no PW
            uscc           排污单位信用代码  uscc
            class          管理类别          choice 登记管理=8 简化管理=2 重点管理=1
            issued_on      起始日期          from
            valid_to       截止日期          to 5
        """),
        law="优化营商环境条例", article="56", domain="生态环境", purpose="排污许可", event="issued_on",
        categories={"class": 3},
    ),
    Dataset(
        "environment_inspections", "生态环境现场检查", AIR,
        Events(0.08, whom=Whom(1.0, ("manufacturing", "repair", "catering", "construction"))),
        columns("""
            record_no      笔录编号          no HB
            uscc           被检查单位信用代码 uscc
            inspected_on   检查日期          date
            finding        结论              choice 未发现问题=82 存在问题=18 lean=0.15
        """),
        law="优化营商环境条例", article="56", domain="生态环境", purpose="环境执法检查",
        conditions={"bad": "finding = '存在问题'"},
    ),
    Dataset(
        "environment_penalties", "生态环境行政处罚", AIR, Events(signal="other_penalty", keep=(0.8, 1.0)),
        columns("""
            decision_no    决定书文号        no HF
            uscc           被处罚单位信用代码 uscc
            fact           违法行为          choice 油烟超标=5 未批先建=2 污水直排=2 噪声超标=3
            amount         罚款（元）        money 12000 0.9
            decided_on     决定日期          date
            published_on   公开日期          known 3 20
        """),
        law="行政处罚法", article="48", domain="生态环境", purpose="生态环境处罚", measures=("amount",),
        direction={"count": "up"},
    ),
    Dataset(
        "air_quality", "空气质量日报", AIR, Days(),
        columns("""
            day            日期              date
            aqi            空气质量指数      number 62 25 15 300
            pm25           PM2.5（μg/m³）    number 31 16 2 250
            main           首要污染物        choice 臭氧=4 PM2.5=4 PM10=2 无=3
        """),
        law="优化营商环境条例", article="56", domain="生态环境", purpose="空气质量", measures=("aqi", "pm25"),
        key=("day",),
    ),
    Dataset(
        "noise_reports", "噪声扰民投诉", AIR, Places(2.0),
        columns("""
            report_no      投诉编号          no ZS
            source         声源              choice 施工=4 餐饮娱乐=4 交通=3 社会生活=4
            reported_at    投诉时间          time
            latitude       纬度              latitude
            longitude      经度              longitude
        """),
        law="优化营商环境条例", article="56", domain="生态环境", purpose="噪声投诉地点",
        conditions={"dining": "source = '餐饮娱乐'"},
    ),
    Dataset(
        "construction_permits", "建筑工程施工许可", BUILDING, Events(0.25, whom=Whom(1.0, ("construction",))),
        columns("""
            permit_no      施工许可证号      no SG
            uscc           施工单位信用代码  uscc
            project        工程类别          choice 房屋建筑=5 市政=2 装饰装修=4
            amount         合同价（万元）    money 300 1.3
            issued_on      发证日期          date
        """),
        law="优化营商环境条例", article="43", domain="住建", purpose="施工许可", measures=("amount",), format="xlsx",
    ),
    Dataset(
        "rental_contracts", "房屋租赁合同备案", BUILDING, Register(Whom(0.55)),
        columns("""
            contract_no    备案号            no ZL
            uscc           承租人信用代码    uscc
            address        房屋坐落          address
            rent           月租金（元）      money 5200 0.8
            area           面积（㎡）        money 110 0.8
            signed_on      签订日期          from
            until          到期日期          to 3
        """),
        law="市场主体登记管理条例", article="11", domain="住建", purpose="租赁备案", event="signed_on",
        measures=("rent", "area"), peers=("address",),
    ),
    Dataset(
        "transport_permits", "道路运输经营许可", ROADS, Register(Whom(0.7, ("logistics",)), term=4),
        columns("""
            permit_no      经营许可证号      no DY
            uscc           统一社会信用代码   uscc
            vehicles       车辆数            int 1 60
            issued_on      发证日期          from
            valid_to       有效期至          to 4
        """),
        law="优化营商环境条例", article="40", domain="交通", purpose="道路运输许可", event="issued_on",
        measures=("vehicles",),
    ),
    Dataset(
        "overload_checks", "货运车辆超限检测", ROADS, Events(1.2, whom=Whom(0.7, ("logistics",))),
        columns("""
            check_no       检测单号          no CX
            uscc           业户信用代码      uscc
            checked_at     检测时间          time
            weight         车货总重（吨）    number 28 9 3 90
            over           是否超限          choice 否=95 是=5
        """),
        law="优化营商环境条例", article="56", domain="交通", purpose="超限检测",
        conditions={"over": "over = '是'"}, measures=("weight",),
    ),
    Dataset(
        "bus_ridership", "公共交通日客运量", ROADS, Days(),
        columns("""
            day            日期              date
            bus            公交客运量（人次） number 415000 52000 50000 900000
            metro          轨道客运量（人次） number 620000 90000 50000 1500000
        """),
        domain="交通", purpose="城市活跃度背景，不用于派生因子", key=("day",),
    ),
    Dataset(
        "entertainment_venues", "文化娱乐场所许可", CULTURE, Register(Whom(0.15, ("services", "lodging"))),
        columns("""
            permit_no      许可证号          no WH
            uscc           统一社会信用代码   uscc
            kind           类别              choice 歌舞娱乐=4 网吧=3 剧本娱乐=3
            issued_on      发证日期          from
        """),
        law="无证无照经营查处办法", article="5", domain="文旅", purpose="文化娱乐场所", event="issued_on",
        categories={"kind": 3},
    ),
    Dataset(
        "tourist_flow", "景区日接待量", CULTURE, Days(),
        columns("""
            day            日期              date
            visitors       接待人次          number 38000 16000 500 200000
            overnight      过夜人次          number 9000 3500 100 60000
        """),
        law="优化营商环境条例", article="56", domain="文旅", purpose="旅游客流", measures=("visitors",),
        key=("day",), format="xlsx",
    ),
    Dataset(
        "safety_inspections", "安全生产检查记录", SAFETY,
        Events(0.10, whom=Whom(1.0, ("manufacturing", "construction", "logistics", "repair", "food_making"))),
        columns("""
            record_no      检查记录号        no AQ
            uscc           被检查单位信用代码 uscc
            inspected_on   检查日期          date
            hazards        隐患数            count 0.8
            rectified      是否整改          choice 是=9 否=1
        """),
        law="安全生产法", article="65", domain="应急", purpose="安全生产检查", measures=("hazards",),
        conditions={"unrectified": "rectified = '否'"}, encoding="gb18030",
    ),
    Dataset(
        "farm_product_tests", "农产品质量快速检测", FARMS, Events(1.5, whom=Whom(0.5, ("food_retail", "wholesale"))),
        columns("""
            uscc           受检单位信用代码  uscc
            product        品种              choice 叶菜=5 豆类=2 水产=2 水果=4
            tested_on      检测日期          date
            inhibition     抑制率（%）       number 14 9 0 100
            verdict        结论              choice 合格=985 不合格=15
        """),
        law="食品安全法", article="64", domain="农业", purpose="市场快检",
        conditions={"failed": "verdict = '不合格'"},
        measures=("inhibition",),
    ),
    Dataset(
        "cooperatives", "农民专业合作社名录", FARMS, Register(Whom(0.95, kinds=("cooperative",))),
        columns("""
            uscc           统一社会信用代码   uscc
            name           合作社名称        name
            members        成员数            int 5 300
            product        主营              choice 蔬菜=4 水产=3 茶叶=2 水果=4
            filed_on       备案日期          from
        """),
        law="优化营商环境条例", article="56", domain="农业", purpose="合作社名录", event="filed_on",
        measures=("members",), format="xlsx",
    ),
)  # fmt: skip
